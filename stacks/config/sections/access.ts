import { z } from "zod";

/** Groups of the single sign-on, as routes name them in `access`. Who is in `admin` may do what `user` may. */
export const groups = ["admin", "user"] as const;
export type Group = (typeof groups)[number];

const user = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9._-]{0,62}$/,
      "write a user's name in lower-case letters, digits, '.', '_' and '-', starting with a letter",
    ),
  displayName: z.string().trim().min(1).max(100),
  email: z.email("not an e-mail address"),
  groups: z.array(z.enum(groups)).min(1, `name a group: ${groups.join(" or ")}`),
  password: z
    .string()
    .regex(/^[a-z][A-Za-z0-9]*$/, "name a key of ums:secrets, in camelCase; the password itself goes there")
    .describe("Key of ums:secrets with the password: ums secrets set refuses a weak one."),
});
export type ConfiguredUser = z.output<typeof user>;

/** Who may sign in, and with what. */
export const accessSection = z
  .strictObject({
    users: z
      .array(user)
      .default([])
      .describe("Users of the single sign-on. Without any there is one, admin, with a generated password.")
      .superRefine((users, context) => {
        for (const [index, { name }] of users.entries()) {
          const first = users.findIndex((other) => other.name === name);
          if (first < index) {
            const message = `the user "${name}" is named twice, first as access.users[${first}]`;
            context.addIssue({ code: "custom", path: [index, "name"], message, input: name });
          }
        }
        if (users.length > 0 && !users.some((one) => one.groups.includes("admin"))) {
          const message = "no user is in the group admin, so no one could reach what is for administrators";
          context.addIssue({ code: "custom", message, input: users });
        }
      }),
    secondFactor: z
      .enum(["everyone", "admins"])
      .default("everyone")
      .describe("Who needs a one-time code or a security key beside the password."),
  })
  .default({ users: [], secondFactor: "everyone" });
