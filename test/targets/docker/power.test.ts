import { expect, it } from "vitest";
import { stopServices } from "../../../targets/docker/power.ts";
import { platform } from "../../fixtures/platforms.ts";
import { linkTo, listensOn } from "../../fixtures/records.ts";
import { FakeDocker } from "./fakeDocker.ts";

it("a service is stopped before what it needs, each within the grace of its record", async () => {
  const fake = new FakeDocker("dev", [
    { name: "dev-store", service: "store" },
    { name: "dev-app", service: "app" },
    { name: "dev-off", service: "off", state: "exited" },
    { name: "dev-other", service: "other" },
  ]);
  const of = platform({
    app: { links: [linkTo("store", 80)], stop: { grace: 7 } },
    store: { ports: listensOn(80), stop: { grace: 95 } },
    off: {},
    other: {},
  });
  expect(await stopServices(fake.docker, of, ["app", "off", "store"], () => {})).toEqual(["app", "store"]);
  expect(fake.done).toEqual(["stop dev-app", "stop dev-store"]);
  expect(fake.graces).toEqual({ "dev-app": 7, "dev-store": 95 });
});
