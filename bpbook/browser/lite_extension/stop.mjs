// JupyterLite's stop button ends what waits, but it cannot reach into a cell that runs: for that, Python starts again.

const SECONDS_TO_END = 1.5;

function idle(sessionContext) {
  const kernel = () => sessionContext.session?.kernel;
  if (kernel()?.status !== "busy") return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (answer) => {
      clearTimeout(timer);
      sessionContext.statusChanged.disconnect(look);
      resolve(answer);
    };
    const look = () => kernel()?.status !== "busy" && end(true);
    const timer = setTimeout(() => end(false), SECONDS_TO_END * 1000);
    sessionContext.statusChanged.connect(look);
  });
}

/** Called after the stop button: if the cell goes on, start Python again; the text of the notebook stays. */
export async function stop(sessionContext, bar) {
  if (await idle(sessionContext)) return;
  bar.say("Stopping …");
  await sessionContext.restartKernel();
  bar.say("Stopped. Python has started again and knows no variables: run the cells that you need from the top. Your text is kept.");
}
