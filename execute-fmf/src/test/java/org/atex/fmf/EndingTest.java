package org.atex.fmf;

import org.junit.jupiter.api.Test;

/** The end of a test that is not detached; a lost connection ends it, too. */
class EndingTest extends EndingRules {
    @Test
    void noProcessIsLeftAfterALostConnection() throws Exception {
        assertNothingLeftOverSsh(How.LOST);
    }

    @Test
    void noProcessIsLeftAfterALostConnectionWithoutControlGroups() throws Exception {
        assertNothingLeftWithoutControlGroups(How.LOST);
    }

    @Test
    void noProcessIsLeftOfATestOfAnOrdinaryUserAfterALostConnection() throws Exception {
        assertNothingLeftOfAnOrdinaryUsers(How.LOST);
    }
}
