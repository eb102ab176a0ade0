/** Shows a run as dynamic tests of JUnit. */
@NullMarked
@Preview
package org.atex.junit;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
