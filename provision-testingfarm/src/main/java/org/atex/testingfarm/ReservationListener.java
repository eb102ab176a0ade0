package org.atex.testingfarm;

/** Is told how reservations go on. */
@FunctionalInterface
public interface ReservationListener {
    /**
     * Is told of an event: those of one reservation in order, those of several from several threads at once. Should not take
     * long; whatever it throws is logged, and changes nothing.
     *
     * @param event what happened
     */
    void happened(ReservationEvent event);
}
