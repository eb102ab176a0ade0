/** Copies pytest projects to systems, and runs their tests there. */
@NullMarked
@Preview
package org.atex.pytest;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
