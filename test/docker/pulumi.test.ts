import { inject } from "vitest";
import { lifecycle } from "./lifecycle.ts";

lifecycle("pulumi", { name: "umstp", octet: 124, offset: 13000, unavailable: inject("noPulumi") });
