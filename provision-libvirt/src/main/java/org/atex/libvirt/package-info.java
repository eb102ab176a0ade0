/** Virtual machines as systems: {@link org.atex.libvirt.LibvirtProvisioner}. */
@NullMarked
@Preview
package org.atex.libvirt;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
