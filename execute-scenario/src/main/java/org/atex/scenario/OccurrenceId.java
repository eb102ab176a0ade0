package org.atex.scenario;

/**
 * An occurrence of an event.
 *
 * @param event the index of the event in its scenario
 * @param number the number of the occurrence, from 0
 * @param atEnd whether it runs after the end of the scenario
 */
record OccurrenceId(int event, long number, boolean atEnd) {}
