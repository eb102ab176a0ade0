package org.atex.testingfarm;

/** Receives the events of reservations. */
@FunctionalInterface
public interface ReservationListener {
    /**
     * Receives an event. The events of one reservation arrive in order; those of several reservations may arrive
     * concurrently from several threads. The method should return soon. An exception that it throws is logged and has
     * no other effect.
     *
     * @param event the event
     */
    void on(ReservationEvent event);
}
