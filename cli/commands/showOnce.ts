import { InputError } from "../../stacks/errors.ts";
import { signInUsers } from "../../stacks/signIn.ts";
import { didYouMean } from "../../stacks/suggest.ts";
import { chooseEngine } from "../engines/choose.ts";
import { audit } from "../secrets/audit.ts";
import { openSession, root, type StackOptions } from "../session.ts";

/**
 * The `secrets show-once` command: the generated password of a user of the sign-in, on standard output, one time. Engines
 * keep it encrypted and have no other command that shows it.
 */
export async function showOnce(user: string, options: StackOptions): Promise<void> {
  const { loaded, state, stack } = openSession(options);
  const refuse = (message: string) => new InputError([{ message }]);
  const users = signInUsers(loaded.platform);
  const secret = users.get(user);
  if (!secret) {
    const hint = didYouMean(user, users.keys()) || `; users: ${[...users.keys()].join(", ") || "none"}`;
    throw refuse(`nobody called "${user}" signs in to the stack ${stack}${hint}`);
  }
  if (secret.source.kind !== "generate") {
    throw refuse(`${user}'s password is not generated: it is the one you set in ums:secrets`);
  }
  if (!state.readSnapshot()) throw refuse(`the stack ${stack} is not up: its first up makes the password`);
  const engine = await chooseEngine(undefined, state);
  await state.locked(async () => {
    const generated = await engine.generatedSecrets({ root, loaded, state });
    const value = generated(secret)?.value;
    if (value === undefined)
      throw refuse(`no password was made for ${user} yet: npx ums up --stack ${stack}`);
    const earlier = state.shownAt(secret.id, value);
    if (earlier !== undefined) {
      throw refuse(
        `${user}'s password was shown already, on ${earlier}; if it is lost, npx ums secrets rotate ${secret.id} --stack ${stack} makes another`,
      );
    }
    audit(state.auditPath, { action: "reveal", stack, secrets: [{ name: secret.id }] });
    state.markShown(secret.id, value);
    process.stdout.write(`${value}\n`);
  });
}
