import { describe, expect, it } from "vitest";
import {
  capability,
  commandOf,
  deviceRequest,
  endpointOf,
  fileOf,
  hostPort,
  memoryOf,
  mountOf,
  nanoseconds,
  restartPolicy,
  securityOption,
  setOf,
  signal,
  tmpfsOf,
} from "../../../targets/drift/words.ts";

describe("words that are the same for the same thing", () => {
  it.each([
    ["net_admin", "CAP_NET_ADMIN", capability],
    ["CAP_ALL", "ALL", capability],
    ["no-new-privileges", "no-new-privileges:true", securityOption],
    ["no-new-privileges=true", "no-new-privileges:true", securityOption],
    ["seccomp=unconfined", "seccomp:unconfined", securityOption],
    ["term", "SIGTERM", signal],
    ["", "SIGTERM", signal],
    ["size=1m,rw", "rw,size=1m", tmpfsOf],
    ["", "defaults", tmpfsOf],
    ["", "no", restartPolicy],
  ] as const)("%j is %j", (text, same, words) => {
    expect(words(text)).toBe(same);
    expect(words(same === "defaults" ? "" : same)).toBe(same);
  });

  it("tell what is different", () => {
    expect(restartPolicy("on-failure", 3)).toBe("on-failure:3");
    expect(mountOf("bind", "/srv//media/", true)).toBe("bind /srv/media read-only");
    expect(mountOf("bind", "/", false)).toBe("bind / read-write");
    expect(hostPort("", 80)).toBe("0.0.0.0:80");
    expect(endpointOf(undefined, [])).toBe("no fixed address");
    expect(endpointOf("10.0.0.2", ["b", "a", "b"])).toBe("10.0.0.2 as a, b");
    expect(deviceRequest({ driver: "nvidia", count: -1, capabilities: ["video", "gpu"] })).toBe(
      "all of nvidia with gpu, video",
    );
    expect(deviceRequest({ driver: "", count: 0, ids: ["GPU-1"], capabilities: ["gpu"] })).toBe(
      "GPU-1 of any driver with gpu",
    );
  });

  it("leave the order of a set away, and keep that of a command", () => {
    expect(setOf(["b", "a", "b"])).toBe(setOf(["a", "b"]));
    expect(setOf(null)).toBe("");
    expect(commandOf(["b", "a c"])).toBe('["b","a c"]');
    expect(commandOf("sh")).toBe(commandOf(["sh"]));
    expect(commandOf([])).toBe(commandOf(null));
  });

  it.each([
    [512 * 1024 * 1024, "512 MiB"],
    [1000, "1000 bytes"],
    [0, "no limit"],
    [-1, "no limit"],
    [undefined, "no limit"],
  ])("%j bytes of memory are %s", (bytes, text) => expect(memoryOf(bytes)).toBe(text));

  it.each([
    ["1m30s", 90e9],
    ["2s", 2e9],
    ["1h0m0.5s", 3600.5e9],
    ["250ms", 0.25e9],
    ["0s", 0],
    ["", 0],
  ])("%s is %d ns", (duration, count) => expect(nanoseconds(duration)).toBe(count));

  it("say of a file how long it is, and not what it says", () => {
    expect(fileOf("ü")).toBe("2 bytes, sha256 607474ca475a");
  });
});
