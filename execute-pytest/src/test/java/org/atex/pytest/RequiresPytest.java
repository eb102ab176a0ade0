package org.atex.pytest;

import java.io.IOException;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/** Skips the tests of a class if this machine has no pytest; with {@code -Datex.required=true} they fail. */
final class RequiresPytest implements BeforeAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        if (!isInstalled()) {
            String problem = "python3 of this machine has no pytest: install the package python3-pytest";
            if (Boolean.getBoolean("atex.required")) {
                throw new AssertionError(problem);
            }
            throw new TestAbortedException(problem);
        }
    }

    private static boolean isInstalled() throws InterruptedException {
        try {
            return new ProcessBuilder("python3", "-c", "import pytest")
                            .redirectErrorStream(true)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
