// The bar at the foot of the page: what Python does, how much of it is fetched, and the buttons to stop it.

const MB = (bytes) => (bytes / 1e6).toFixed(1);

/** Make the bar; `stop` and `restart` are called by its buttons. */
export function makeBar({ make, button }, { stop, restart }) {
  const bar = make("section", "live-progress"), words = make("p", "live-progress-words"), spoken = make("p", "visually-hidden");
  const meter = make("progress", ""), stopper = button("Stop", "Python", stop), again = button("Restart", "Python", restart);
  bar.setAttribute("aria-label", "Python on this page");
  spoken.setAttribute("aria-live", "polite");
  meter.setAttribute("aria-label", "Fetched");
  bar.append(words, meter, spoken, stopper, again);
  bar.hidden = true;
  document.body.append(bar);

  const say = (text, aloud = text) => {
    words.textContent = text;
    if (spoken.textContent !== aloud) spoken.textContent = aloud;
  };
  return {
    say,
    /** Show what can be pressed in a state: off, loading, running or ready. */
    state(state) {
      bar.hidden = false;
      document.body.classList.add("live-has-bar");
      meter.hidden = true;
      stopper.hidden = state !== "loading" && state !== "running";
      again.hidden = state === "loading";
    },
    /** Show bytes: those that have come, of those that were asked for. */
    progress({ loaded, total }, what) {
      meter.hidden = false;
      [meter.max, meter.value] = [total || 1, Math.min(loaded, total)];
      say(`${what}: ${MB(loaded)} of ${MB(total)} MB are here`, what);
    },
    /** Show that nothing is to be fetched any more. */
    fetched(what) {
      meter.hidden = true;
      say(what);
    },
  };
}
