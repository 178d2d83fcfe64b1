import { InputError, type Problem } from "./errors.ts";
import type { Platform } from "./platform.ts";

/** Fewest characters of a password that people type; wg-easy takes none that is shorter. */
const shortest = 12;
/** Of zxcvbn's 0 to 4: more than 10^10 guesses. It gives 3 to any three words, even where all are the user's names. */
const leastScore = 4;

/**
 * What is wrong with a password that people type; undefined when it is good. `words` are guessed first: the user's name
 * and the like. zxcvbn judges: it knows common passwords, names, words, dates, sequences and keyboard patterns.
 */
export async function weakness(password: string, words: readonly string[]): Promise<string | undefined> {
  if ([...password].length < shortest) return `it has fewer than ${shortest} characters`;
  // Loaded only here: its word lists take longer to read than most commands take.
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
    import("@zxcvbn-ts/language-en"),
  ]);
  const judge = new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
  });
  const { score, feedback } = judge.check(password, words.flatMap(parts));
  if (score >= leastScore) return undefined;
  const why = feedback.warning ?? "it is easily guessed: make it longer";
  return why.charAt(0).toLowerCase() + why.slice(1).replace(/\.$/, "");
}

/** A text, and the words in it. */
function parts(text: string): string[] {
  return [text, ...text.split(/[^\p{L}\p{N}]+/u)].filter((word) => word.length > 2);
}

/**
 * Refuses values of ums:secrets that people type at a sign-in and others would guess.
 * @throws InputError with each of them, and where it is asked for
 */
export async function refuseWeak(
  { secrets, stack }: Pick<Platform, "secrets" | "stack">,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const problems: Problem[] = [];
  for (const { source } of secrets) {
    if (source.kind !== "config" || !source.typed) continue;
    const { key, typed } = source;
    const value = values[key];
    const why = value === undefined ? undefined : await weakness(value, typed.words);
    if (why === undefined) continue;
    const fix = `set another: npx ums secrets set ${key} --stack ${stack}`;
    problems.push({ place: typed.place, message: `the password ${key} is too weak: ${why}; ${fix}` });
  }
  if (problems.length > 0) throw new InputError(problems);
}
