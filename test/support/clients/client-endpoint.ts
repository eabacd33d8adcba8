/** Where a client is pointed at, and as whom. */
export interface ClientEndpoint {
  /** `https://127.0.0.1:9440` */
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of https: the file with the certificate that is to be trusted. */
  readonly caFile?: string;
}
