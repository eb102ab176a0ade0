package org.atex.fmf.control;

import java.util.List;
import java.util.Map;

/**
 * A word of the control stream of a test. Further words may be added; a {@code switch} should have a default branch.
 * All words are immutable.
 */
public sealed interface ControlWord {
    /**
     * A result of the test or of a part. A JSON object and the bytes of its files follow.
     *
     * @param length the length of the JSON object in bytes, at most 16 MiB
     */
    record Result(int length) implements ControlWord {}

    /**
     * The command of the test has ended. The last word of a test.
     *
     * @param code the exit code, 0 to 255
     */
    record ExitCode(int code) implements ControlWord {}

    /**
     * The test changes its time limit.
     *
     * @param argument the new limit, a change of it, {@code save} or {@code restore}; see {@link TimeLimit#change}
     */
    record Duration(String argument) implements ControlWord {}

    /**
     * A part of a test on several systems has reached a barrier, and waits.
     *
     * @param name the name of the barrier
     * @param count how many parts must reach it; 0 for all
     * @param reply the name of the file that tells the test to go on
     */
    record Barrier(String name, int count, String reply) implements ControlWord {}

    /**
     * A part of a test on several systems sends a message to the others.
     *
     * @param name the name of the message
     * @param values its content
     */
    record Send(String name, Map<String, String> values) implements ControlWord {
        /** Copies the values. */
        public Send {
            values = Map.copyOf(values);
        }
    }

    /**
     * A part of a test on several systems waits for a message.
     *
     * @param name the name of the message
     * @param reply the name of the file that receives its content
     */
    record Wait(String name, String reply) implements ControlWord {}

    /**
     * A part of a test on several systems has reached a checkpoint.
     *
     * @param name the name of the checkpoint
     * @param reply the name of the file that tells the test to go on
     */
    record Checkpoint(String name, String reply) implements ControlWord {}

    /**
     * A part of a test on several systems sets a state of its system.
     *
     * @param state the name of the state
     */
    record SetState(String state) implements ControlWord {}

    /**
     * A part of a test on several systems waits for states of systems.
     *
     * @param any whether one of the systems is enough
     * @param reply the name of the file that tells the test to go on
     * @param states the states; each system must have at least one of them
     * @param systems the names or addresses of the systems
     */
    record Block(boolean any, String reply, List<String> states, List<String> systems) implements ControlWord {
        /** Copies the lists. */
        public Block {
            states = List.copyOf(states);
            systems = List.copyOf(systems);
        }
    }

    /** The test is about to reboot its system. The last word before the reboot. */
    record Disconnect() implements ControlWord {}
}
