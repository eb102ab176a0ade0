package org.atex.fmf;

import org.junit.jupiter.api.Test;

/** Nothing of a test goes on; neither when its connection is lost. */
class EndingTest extends EndingRules {
    @Test
    void fault07NothingIsLeftOverALostConnection() throws Exception {
        assertNothingLeftOverSsh(How.LOST);
    }

    @Test
    void nothingIsLeftOverALostConnectionWithoutControlGroups() throws Exception {
        assertNothingLeftWithoutControlGroups(How.LOST);
    }

    @Test
    void nothingIsLeftOfAnOrdinaryUsersTestOverALostConnection() throws Exception {
        assertNothingLeftOfAnOrdinaryUsers(How.LOST);
    }
}
