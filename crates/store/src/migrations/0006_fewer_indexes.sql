-- Every index is written for every new serial of a fleet, and these two at places that say nothing new: a serial is found
-- by its folded form, and ids are in the order of creation.

drop index device_serial;
drop index device_created;
