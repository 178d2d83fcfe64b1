/** Part of a route that is reached without single sign-on. */
interface Bypass {
  path: string;
  exact: boolean;
}

/**
 * A bypass as a regular expression in the words of Go (RE2), which the gateway applies to a request's path and the single
 * sign-on to path and query. It ends where a segment of the path ends, or /api would let /apidocs through as well. Its
 * case means nothing, as in many of the applications: Jellyfin's call /Items and /items.
 */
export function pathPattern(bypass: Bypass): string {
  return `(?i)${pattern(bypass)}`;
}

/** True for a path, with or without a query, that is reached without single sign-on. */
export function passes(bypass: Bypass, path: string): boolean {
  return new RegExp(pattern(bypass), "i").test(path);
}

function pattern({ path, exact }: Bypass): string {
  const literal = path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  if (exact) return `^${literal}(\\?.*)?$`;
  return path.endsWith("/") ? `^${literal}` : `^${literal}([/?].*)?$`;
}
