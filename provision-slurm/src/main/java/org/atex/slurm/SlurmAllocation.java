package org.atex.slurm;

/**
 * A running allocation of one node. Immutable.
 *
 * @param job the id of the job
 * @param node the name of the node
 * @param address the address of the node, as Slurm knows it
 * @param partition the partition
 */
public record SlurmAllocation(String job, String node, String address, String partition) {}
