import { describeUpdates } from "./suite.ts";

describeUpdates({ engine: "pulumi", name: "umsbr2", octet: 200, offset: 29000 });
