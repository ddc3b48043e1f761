export { freePort } from '@lineside/agent/testing/free-port';
