package org.atex.artifacts;

/**
 * A fixture that a run has begun to start, and not finished.
 *
 * @param name the name of the fixture
 * @param where the system, group or test for which it was started; empty for the run
 */
public record OpenFixture(String name, String where) {}
