package org.atex.reportportal;

import java.time.Duration;
import tools.jackson.databind.node.ObjectNode;

/** The meaning of the service's answer to a call. Immutable, except for the JSON. */
sealed interface Answer {
    /** The call was accepted, now or when it was sent before. */
    record Done(ObjectNode body) implements Answer {}

    /** The call may be accepted later: the service is overloaded, broken or not reachable. */
    record Later(String why, Duration pause) implements Answer {}

    /** The call is too early: the service has not yet processed an earlier one. */
    record Early(String why) implements Answer {}

    /** The call is larger than the service accepts. */
    record TooLarge(String why) implements Answer {}

    /** This call will never be accepted, but others may be. */
    record Refused(String why) implements Answer {}

    /** No call will be accepted, until a person changes something. */
    record Hopeless(String why) implements Answer {}
}
