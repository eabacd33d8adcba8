import { startGateway } from '../support/gateway/start-gateway.ts';
import { clientScenarios } from './client-scenarios.ts';

clientScenarios('clients of the gateway over the embedded store, https', () =>
  startGateway({ over: 'dir', tls: true }),
);
