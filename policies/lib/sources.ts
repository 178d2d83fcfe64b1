import type { Source } from "./policy";

/** A recommendation of the CIS Docker Benchmark 1.6.0, which is free to download after registration. */
export function cis(section: string): Source {
  return {
    title: `CIS Docker Benchmark 1.6, ${section}`,
    url: "https://www.cisecurity.org/benchmark/docker",
  };
}

/** A rule of the OWASP Docker Security Cheat Sheet. */
export function owasp(rule: string): Source {
  return {
    title: `OWASP Docker Security Cheat Sheet, ${rule}`,
    url: "https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html",
  };
}

/** A page of Docker's documentation. */
export function dockerDocs(title: string, path: string): Source {
  return { title: `Docker documentation, ${title}`, url: `https://docs.docker.com/${path}` };
}

/** A control of NIST SP 800-190, Application Container Security Guide. */
export function nist(section: string): Source {
  return {
    title: `NIST SP 800-190, ${section}`,
    url: "https://csrc.nist.gov/pubs/sp/800/190/final",
  };
}
