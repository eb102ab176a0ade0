/** Results as JUnit XML, test by test. */
@NullMarked
@Stable
package org.atex.junitxml;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
