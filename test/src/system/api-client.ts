export { ApiClient, ApiError } from '@lineside/fleet-server/client/api-client';
