// JupyterLite saves every few seconds; a reader who closes the tab right after typing should lose nothing either.

const SECONDS_OF_QUIET = 0.5;
const UNSAVED = "Backpropagation, Checked: not saved yet ";

/** What was typed just before the page went away is noted at once: a database would answer too late. */
function note(context) {
  if (!context.model.dirty) return;
  try {
    localStorage.setItem(UNSAVED + context.path, JSON.stringify(context.model.toJSON()));
  } catch {
    // No room, or no storage at all: then the browser has asked whether to leave.
  }
}

function takeNote(path) {
  try {
    const text = localStorage.getItem(UNSAVED + path);
    localStorage.removeItem(UNSAVED + path);
    return text && JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Save a notebook soon after each change, and have nothing lost when the page goes away before that.
 *
 * @returns {() => Promise<void>} Saves now what is not saved yet.
 */
export function saveSoon(context, onSaved) {
  let timer = null;
  const save = async () => {
    clearTimeout(timer);
    if (context.isDisposed || !context.model.dirty) return;
    try {
      await context.save();
      takeNote(context.path);
      onSaved();
    } catch {
      // JupyterLite has said so in a dialog of its own.
    }
  };
  context.model.contentChanged.connect(() => {
    clearTimeout(timer);
    timer = setTimeout(save, SECONDS_OF_QUIET * 1000);
  });
  window.addEventListener("pagehide", () => note(context));
  document.addEventListener("visibilitychange", () => document.hidden && save());
  context.ready.then(() => {
    const text = takeNote(context.path);
    if (text) context.model.fromJSON(text);
  });
  return save;
}
