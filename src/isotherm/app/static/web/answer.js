// What a script asks of the server: its JSON, or the sentence of its refusal; a browser that is sent elsewhere goes there.

const MOST_TRIES = 20; // some minutes

// What only a few get at once is asked for again: the server says when, and has done nothing by then.
export async function asked(path, options = {}) {
  for (let left = MOST_TRIES; ; left -= 1) {
    const answer = await fetch(path, { ...options, headers: { "HX-Request": "true", ...options.headers } });
    const seconds = Number(answer.headers.get("Retry-After"));
    if (answer.status !== 503 || !seconds || !left) return answered(answer);
    await new Promise((done) => setTimeout(done, 1000 * seconds));
  }
}

async function answered(answer) {
  const elsewhere = answer.headers.get("HX-Redirect");
  if (elsewhere) {
    location.assign(elsewhere);
    throw new Error("Say first who is working.");
  }
  if (!answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    throw new Error(page.body.textContent.trim() || "The server did not answer; is isotherm serve still running?");
  }
  return answer.json();
}
