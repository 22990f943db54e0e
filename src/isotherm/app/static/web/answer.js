// What the server answered to a script: its JSON, or the sentence of its refusal; a browser that is sent elsewhere goes there.

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
