import { afterEach, describe, expect, it } from "vitest";
import { found, service } from "../../../fixtures/platforms.ts";
import { filesOf, secretValue } from "../../../stacks/configure/fixtures.ts";
import { until } from "../../harness.ts";
import { noReal, realProgram } from "../real.ts";
import { downloadsPlatform, procAddress, type Stage, stageOf, tunnelAddress } from "./stage.ts";

const why = (await noReal(realProgram("qbittorrent"))) || (await noReal(realProgram("transmission")));

let stage: Stage;
afterEach(() => stage.dispose());

/** A stack whose provider forwards a port to the client. */
const forwardingTo = (client: string) =>
  downloadsPlatform({ provider: "protonvpn", portForwarding: "provider", forwardTo: client });

/** Runs a hook as Gluetun does, with what it fills in. The port is in the status file before, and gone after. */
async function hook(direction: "UP" | "DOWN", port?: number): Promise<string> {
  const { environment } = service(stage.platform, "gluetun");
  const command = found(environment[`VPN_PORT_FORWARDING_${direction}_COMMAND`], "command");
  const status = found(environment.VPN_PORT_FORWARDING_STATUS_FILE, "status file");
  const filled = command.replace("{{PORT}}", String(port)).replace("{{VPN_INTERFACE}}", "tun0");
  return stage.atVpn(
    `mkdir -p $(dirname ${status}); echo ${port ?? ""} >${status}; ${filled}; echo "exit $?"`,
    filesOf(stage.platform, "gluetun"),
  );
}

/**
 * Waits until the client listens on a port of the tunnel. Transmission's API answers no one for seconds while it looks up
 * names, which nobody answers here; the hook gives up on a call after five and goes on.
 */
function listensOn(port: number): Promise<void> {
  return until(
    `the client listens on ${port}`,
    async () => {
      const addresses = await stage.listeners(port);
      return addresses.includes(procAddress(tunnelAddress)) || addresses.includes("00000000");
    },
    300,
  );
}

describe.skipIf(why)(`a port that the VPN provider forwards${why && ` (${why})`}`, () => {
  it("is qBittorrent's, from the moment it answers, and again after the tunnel was gone", async () => {
    stage = await stageOf("qbittorrent", { platform: forwardingTo("qbittorrent") });
    // Gluetun starts first: the hook is done at once, and asks on beside it.
    expect(await hook("UP", 40_001)).toContain("exit 0");
    const running = await stage.start();
    await listensOn(40_001);

    expect(await hook("DOWN")).toContain("exit 0");
    await until("no one listens on 40001", async () => (await stage.listeners(40_001)).length === 0);
    expect(await hook("UP", 40_001)).toContain("exit 0");
    await listensOn(40_001);
    await running.stop();

    // A restart of the client keeps the port.
    const again = await stage.start();
    await listensOn(40_001);
    await again.stop();
  });

  it("is Transmission's, from the moment it answers", async () => {
    stage = await stageOf("transmission", { platform: forwardingTo("transmission") });
    expect(await hook("UP", 40_001)).toContain("exit 0");
    const running = await stage.start();
    await listensOn(40_001);
    expect(await hook("UP", 40_002)).toContain("exit 0");
    await listensOn(40_002);
    await running.stop();
  });

  it("is told with the client's secret, which no process list shows", async () => {
    stage = await stageOf("qbittorrent", { platform: forwardingTo("qbittorrent") });
    await hook("UP", 40_001);
    const secret = secretValue(stage.platform, "qbittorrent/api-key");
    const list = await stage.atVpn("sleep 1; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' '");
    expect(list).toContain("forward.sh");
    expect(list).not.toContain(secret);
  });
});
