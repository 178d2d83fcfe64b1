import { z } from "zod";

/** Lower-case DNS label: what Docker, DNS and subdomains all accept. */
export const dnsLabel = z
  .string()
  .regex(
    /^[a-z](?:[a-z0-9-]{0,40}[a-z0-9])?$/,
    "use lower-case letters, digits and hyphens, starting with a letter",
  );

export const sentence = z.string().trim().min(3, "say it in a few words").max(400);
export const reason = sentence.describe("Why, in words a reviewer can judge.");

/** Where something is inside a container, or a device of the host; never the root itself. */
export const absolutePath = z
  .string()
  .regex(
    /^(?!.*\/\/)(?!.*\/\.{1,2}(?:\/|$))\/[^\0\s:]*[^\0\s:/]$/,
    "use an absolute path below / without '.', '..', ':', spaces or a slash at its end",
  );

/** A folder or file of the host: its root, too. */
export const hostPath = z
  .string()
  .regex(
    /^(?!.*\/\/)(?!.*\/\.{1,2}(?:\/|$))\/(?:[^\0\s:]*[^\0\s:/])?$/,
    "use an absolute path without '.', '..', ':', spaces or a slash at its end",
  );

/** Start of a URL's path; native applications call such as `/:/timeline`. */
export const urlPath = z
  .string()
  .regex(
    /^\/(?!.*\/\/)(?!.*\/\.{1,2}(?:\/|$))[^\0\s]*$/,
    "use a path that starts with / and has no '.', '..', '//' or spaces",
  );

export const port = z.int().min(1).max(65535);
export const protocol = z.enum(["tcp", "udp"]);

export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "use letters, digits and underscores, no digit first");
export const variables = z.record(variableName, z.union([z.string(), z.number(), z.boolean()]));

export const octalMode = z
  .string()
  .regex(/^0[0-7]{3}$/, 'write the mode as four octal digits in quotes, as in "0400"');
