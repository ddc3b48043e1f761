/** Version of the agent and of the fleet server, which are released together. */
export const softwareVersion = '0.1.0';
