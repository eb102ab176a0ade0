package org.atex.testingfarm;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * An operating system that can be asked for. Immutable.
 *
 * @param name its name, or a pattern of names
 * @param isPattern whether it is a regular expression
 */
public record Compose(String name, boolean isPattern) {
    /**
     * {@return whether it is what a name means}
     *
     * @param wanted the name
     */
    public boolean matches(String wanted) {
        if (!isPattern) {
            return name.equals(wanted);
        }
        try {
            return Pattern.compile(name).matcher(wanted).lookingAt();
        } catch (PatternSyntaxException e) {
            return false;
        }
    }
}
