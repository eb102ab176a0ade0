/**
 * The interfaces of the building blocks, and the values that they exchange.
 *
 * <p>A {@link org.atex.api.Provisioner} provides systems, each with a {@link org.atex.api.Connection}. An {@link
 * org.atex.api.Executor} runs tests on a system. An {@link org.atex.api.Aggregator} stores their results. An {@link
 * org.atex.api.Orchestrator} combines them into a run. The rules of {@code docs/contract.md} hold for every
 * implementation.
 */
@NullMarked
@Stable
package org.atex.api;

import org.jspecify.annotations.NullMarked;
