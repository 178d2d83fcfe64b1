import type { Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";

/** So many requests in so many seconds. */
export interface Limit {
  requests: number;
  seconds: number;
  /** Requests of this method alone count. Default: all do. */
  method?: "POST";
}

/** What the API is called with to sign in: the backend has no variable for it. */
export const signInLimit: Limit = { requests: 5, seconds: 60 };

/**
 * A limit that the backend keeps, as its environment says: `RATE_LIMIT_<NAME>_REQUESTS` in `RATE_LIMIT_<NAME>_WINDOW`
 * seconds. One that is missing or no number is reported.
 */
export function backendLimit(backend: Service, name: string, context: ConfigureContext): Limit {
  const read = (variable: string): number => {
    const value = Number(backend.environment[variable]);
    if (Number.isInteger(value) && value > 0) return value;
    context.report({
      place: context.recordPlace(backend.name, ["environment", variable]),
      message: `${variable} of ${backend.name} must be a whole number from 1, because nginx keeps the same limit`,
    });
    return 1;
  };
  return { requests: read(`RATE_LIMIT_${name}_REQUESTS`), seconds: read(`RATE_LIMIT_${name}_WINDOW`) };
}

/** A limit in the units nginx has: requests a second or a minute, whole ones. Undefined where it cannot say it. */
export function nginxRate({ requests, seconds }: Limit): string | undefined {
  for (const [unit, length] of [
    ["s", 1],
    ["m", 60],
  ] as const) {
    const rate = (requests * length) / seconds;
    if (Number.isInteger(rate)) return `${rate}r/${unit}`;
  }
  return undefined;
}

/**
 * A limit that nginx has no unit for, such as 5 an hour, as a script for its njs module: the times of an address's last
 * requests are kept, and one is over the limit when as many lie within the window. A refused one does not count.
 */
export function windowScript({ requests, seconds, method }: Limit, dictionary: string): string {
  const counted = method === undefined ? "" : `  if (r.method !== "${method}") return "";\n`;
  return `const requests = ${requests};
const window = ${seconds} * 1000;

function over(r) {
${counted}  const now = Date.now();
  const times = ngx.shared.${dictionary};
  const address = r.variables.remote_addr;
  const recent = (times.get(address) || "").split(",").filter((time) => time !== "" && now - Number(time) < window);
  if (recent.length >= requests) return "1";
  times.set(address, recent.concat(String(now)).join(","));
  return "";
}

export default { over };
`;
}
