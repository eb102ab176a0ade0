/** Results as JUnit XML, test by test. */
@NullMarked
package org.atex.junitxml;

import org.jspecify.annotations.NullMarked;
