// What the server answered to a script: its JSON, or the sentence of its refusal; a browser that is sent elsewhere goes there.

const MOST_TRIES = 20; // some minutes

export async function answered(answer) {
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

// What only a few get at once: while others are at it, the server says when to ask again.
export async function answeredInTurn(path) {
  for (let left = MOST_TRIES; ; left -= 1) {
    const answer = await fetch(path, { headers: { "HX-Request": "true" } });
    const seconds = Number(answer.headers.get("Retry-After"));
    if (answer.status !== 503 || !seconds || !left) return answered(answer);
    await new Promise((done) => setTimeout(done, 1000 * seconds));
  }
}
