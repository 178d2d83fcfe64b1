/** A configuration of nginx with this in its http block; whatever the program writes is below /tmp. */
export function nginxWith(http: string): string {
  return `
    worker_processes 1;
    pid /tmp/nginx.pid;
    error_log stderr warn;
    events {}
    http {
      access_log off;
      client_body_temp_path /tmp/body;
      proxy_temp_path /tmp/proxy;
      fastcgi_temp_path /tmp/fastcgi;
      uwsgi_temp_path /tmp/uwsgi;
      scgi_temp_path /tmp/scgi;
      ${http}
    }`;
}
