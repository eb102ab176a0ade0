package org.atex.testkit;

import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class FakeConnectionContractTest extends FakeConnectionContract {}
