import { inject } from "vitest";
import { lifecycle } from "./lifecycle.ts";

lifecycle("compose", { name: "umstc", octet: 120, offset: 12000, unavailable: inject("noCompose") });
