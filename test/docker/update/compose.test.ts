import { describeUpdates } from "./suite.ts";

describeUpdates({ engine: "compose", name: "umsbr1", octet: 196, offset: 28000 });
