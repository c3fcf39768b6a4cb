import { Connection, type ConnectionOptions } from '@temporalio/client'

// ConnectivityState of gRPC.
const READY = 2

/** A connection that tells whether it stands. The SDK says nothing of that, but shows its gRPC client to what extends it. */
export class WatchedConnection extends Connection {
  /** Made with the first request; plug-ins of the SDK are not asked. */
  static override lazy(options: ConnectionOptions): WatchedConnection {
    return new WatchedConnection(this.createCtorOptions(options))
  }

  get isUp(): boolean {
    const state: number = this.client.getChannel().getConnectivityState(false)
    return state === READY
  }
}
