import { startGateway } from '../support/gateway/start-gateway.ts';
import { clientScenarios } from './client-scenarios.ts';

clientScenarios('clients of the gateway over versitygw, https', async () => {
  const gateway = await startGateway({ over: 'versitygw', tls: true });
  return { ...gateway, keysArePaths: true };
});
