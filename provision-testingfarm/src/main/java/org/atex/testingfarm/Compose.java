package org.atex.testingfarm;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * An operating system that can be requested. Immutable.
 *
 * @param name its name, or a regular expression for several names
 * @param isPattern whether the name is a regular expression
 */
public record Compose(String name, boolean isPattern) {
    /**
     * {@return whether a name denotes this compose} A pattern must match the beginning of the name.
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
