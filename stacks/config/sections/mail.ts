import { z } from "zod";
import { port } from "../../catalog/fields.ts";

/** Port on which a connection is TLS from its first byte (RFC 8314); on any other it is upgraded by STARTTLS. */
export const implicitTlsPort = 465;

/** The mail server that the platform sends its messages through. Its password is ums:secrets.smtpPassword. */
export const mailSection = z.strictObject({
  host: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "write a host name, as in smtp.example.com")
    .describe("Mail server, as in smtp.example.com."),
  port: port
    .default(implicitTlsPort)
    .describe("465: TLS from the first byte. Any other, such as 587: STARTTLS, which is insisted on."),
  sender: z.email("not an e-mail address").describe("Address that messages come from."),
  username: z.string().min(1).optional().describe("With ums:secrets.smtpPassword. Absent: no sign-in."),
});
export type MailConfig = z.output<typeof mailSection>;
