import { describe, expect, it } from "vitest";
import { passes, pathPattern } from "../../../../stacks/configure/gateway/paths.ts";

describe("a bypass", () => {
  it.each([
    ["/api", ["/api", "/api/", "/api/x", "/api?key=1", "/API/x"], ["/apidocs", "/x/api", "/ap", "/"]],
    ["/:/", ["/:/", "/:/timeline"], ["/:", "/", "/x/:/"]],
    ["/share/img", ["/share/img/a.b"], ["/share", "/share/imgs", "/share/IMGS"]],
    ["/a.b", ["/a.b", "/a.b/c"], ["/axb", "/axb/c"]],
  ])("%s is the path and what is below it", (path, inside, outside) => {
    const bypass = { path, exact: false };
    expect(inside.filter((one) => !passes(bypass, one))).toEqual([]);
    expect(outside.filter((one) => passes(bypass, one))).toEqual([]);
  });

  it("that is exact is the path alone, with or without a query", () => {
    const bypass = { path: "/", exact: true };
    expect(["/", "/?a=b"].filter((one) => !passes(bypass, one))).toEqual([]);
    expect(["/a", "//", "/a?b"].filter((one) => passes(bypass, one))).toEqual([]);
  });

  it("is a regular expression of Go's, whose case means nothing", () => {
    expect(pathPattern({ path: "/.well-known/immich", exact: false })).toBe(
      "(?i)^/\\.well-known/immich([/?].*)?$",
    );
    expect(pathPattern({ path: "/{a}", exact: true })).toBe("(?i)^/\\{a\\}(\\?.*)?$");
  });
});
