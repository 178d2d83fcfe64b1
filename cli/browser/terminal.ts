import { emitKeypressEvents } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import {
  cursorHide,
  cursorShow,
  cursorTo,
  enterAlternativeScreen,
  exitAlternativeScreen,
  synchronizedOutput,
} from "ansi-escapes";
import { onExit } from "signal-exit";
import type { Key } from "./model.ts";
import type { Size } from "./view.ts";

/** Size of a terminal that does not say it. */
const usual: Size = { columns: 80, rows: 24 };

/** A screenful of something that keys change. */
export interface FullScreen<State> {
  press(state: State, key: Key): State;
  /** As many lines as there are rows, all of the terminal's width: they are written over the last ones. */
  lines(state: State, size: Size): string[];
  isOver(state: State): boolean;
}

/**
 * Shows a state on the whole terminal until it is over, and then the terminal as it was: on the way out, after an
 * error, and when a signal ends the process. Undefined when the terminal went away.
 */
export async function onFullScreen<State>(
  start: State,
  { press, lines, isOver }: FullScreen<State>,
  input: ReadStream = process.stdin,
  output: WriteStream = process.stdout,
): Promise<State | undefined> {
  let state = start;
  const draw = () => {
    const size = { columns: output.columns || usual.columns, rows: output.rows || usual.rows };
    output.write(synchronizedOutput(cursorTo(0, 0) + lines(state, size).join("\r\n")));
  };
  const restore = () => {
    input.setRawMode(false);
    output.write(cursorShow + exitAlternativeScreen);
  };
  emitKeypressEvents(input);
  const forget = onExit(restore);
  let stop = () => {};
  try {
    output.write(enterAlternativeScreen + cursorHide);
    input.setRawMode(true);
    return await new Promise<State | undefined>((resolve, reject) => {
      /** An error in a listener ends the screen, and not the process with the terminal as it is. */
      const guarded = (work: () => void) => {
        try {
          work();
        } catch (error) {
          reject(error);
        }
      };
      const onResize = () => guarded(draw);
      const onEnd = () => resolve(undefined);
      const onKey = (text: string | undefined, key: { name?: string; ctrl?: boolean }) =>
        guarded(() => {
          state = press(state, { ...key, ...(text === undefined ? {} : { text }) });
          if (isOver(state)) resolve(state);
          else draw();
        });
      stop = () => {
        output.off("resize", onResize);
        input.off("keypress", onKey).off("end", onEnd).pause();
      };
      input.on("keypress", onKey).on("end", onEnd).resume();
      output.on("resize", onResize);
      guarded(draw);
    });
  } finally {
    stop();
    forget();
    restore();
  }
}
